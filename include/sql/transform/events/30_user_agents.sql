-- Parses each distinct user agent once. browser_family and is_crawler are functions of ecommerce.events.loading.

CREATE TABLE user_agents AS
SELECT
    user_agent,
    browser_family(user_agent) AS browser_family,
    is_crawler(user_agent) AS is_bot
FROM (
    SELECT DISTINCT shortened(user_agent, 500) AS user_agent
    FROM staged_events
    WHERE user_agent IS NOT NULL
) AS distinct_agents;
