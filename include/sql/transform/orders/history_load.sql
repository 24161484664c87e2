-- History load -> staged layout: partner_files.sql follows, which maps the lines. Only what is different stands here:
-- an order is what all files of the export say of it, whichever of them its lines are in.

SET VARIABLE files_are_deliveries = FALSE;
SET VARIABLE versions_by_updated_at = TRUE;
