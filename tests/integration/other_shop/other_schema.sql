-- A shop with the tables of docs/RECIPES.md, Another schema. The business day is 10 March 2026 in Berlin (UTC+1).
CREATE TABLE kunde (nr bigint PRIMARY KEY, mail text, land text);
CREATE TABLE artikel (nummer text PRIMARY KEY, bezeichnung text, gruppe text);
CREATE TABLE auftrag (
    nr bigint PRIMARY KEY, kunde bigint, zustand text, waehrung text, land text, porto double precision, gutschein text,
    angelegt timestamp
);
CREATE TABLE position (
    auftrag bigint, pos integer, artikel text, menge integer, preis double precision, rabatt double precision,
    steuer double precision, PRIMARY KEY (auftrag, pos)
);
CREATE TABLE gutschrift (
    nr bigint PRIMARY KEY, auftrag bigint, pos integer, menge integer, betrag double precision, grund text,
    gebucht timestamp
);
CREATE INDEX ON gutschrift (auftrag);

INSERT INTO kunde VALUES (7, 'ann@example.com', 'DE'), (8, NULL, 'AT');
INSERT INTO artikel VALUES ('BECHER', 'Becher', 'Geschirr');
INSERT INTO auftrag VALUES
(1, 7, 'bezahlt', 'EUR', 'DE', 4.9, NULL, '2026-03-10 00:00:00'),
(2, 8, 'versandt', 'EUR', 'AT', 0.1, 'MAERZ', '2026-03-10 23:59:59'),
(3, 7, 'bezahlt', 'EUR', 'DE', 0, NULL, '2026-03-09 23:59:59'),
(4, 7, 'bezahlt', 'EUR', 'DE', 0, NULL, '2026-02-01 12:00:00'),
(5, 7, 'bezahlt', 'EUR', 'DE', 0, NULL, '2026-03-11 00:00:00');
INSERT INTO position
SELECT nr, 1, 'BECHER', 3, 0.1 + 0.2, 0.1, 0.07 FROM auftrag;  -- 0.30000000000000004
INSERT INTO gutschrift VALUES
(90, 4, 1, 1, 0.3, 'kaputt', '2026-03-10 12:00:00'),
(91, 3, NULL, 0, 0.2, NULL, '2026-03-09 12:00:00');
