-- History load under the name of a source whose live reads compare by the time of reading. A line of the export counts
-- as read when it was last changed (keep_lines.sql of the extract): whatever was read live after that change wins.

SET VARIABLE versions_by_updated_at = FALSE;
