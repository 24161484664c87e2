-- Number of events that are neither loaded nor superseded. Without one, the next step reads no event again.

SET VARIABLE rejected_events = (
    (SELECT count(*) FROM staged_events)
    - (SELECT count(*) FROM superseded_events)
    - (SELECT count(*) FROM written_user_events)
);
