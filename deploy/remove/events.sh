#!/bin/sh
# Removes the web events from this repository: docs/RECIPES.md, Remove a part.
set -e
git rm -rq --ignore-unmatch \
  dags/user_events_daily.py \
  plugins/ecommerce/events \
  include/sql/extract/web_events \
  include/sql/transform/events \
  include/sql/warehouse/loads/events \
  include/sql/warehouse/tables/daily_events/load.sql \
  include/sql/warehouse/tables/daily_funnel/load.sql \
  include/sql/warehouse/tables/sessions/load.sql \
  include/sql/warehouse/tables/user_events/load.sql \
  benchmarks/events.py \
  benchmarks/events_server.py \
  benchmarks/events_stages.py \
  tests/unit/events \
  tests/integration/raw_events.py \
  tests/integration/test_check.py \
  tests/integration/test_transform_events.py \
  tests/integration/test_user_events_daily.py \
  tests/integration/warehouse/random_events.py \
  tests/integration/warehouse/test_events_load.py \
  tests/integration/warehouse/web_events.py \
  tests/integration/web_events
sed -i '/\(WEB_\|\b\)EVENTS\b/d' plugins/ecommerce/cli/check.py tests/googlesql.py
