-- Whose events a database holds is the anchor's question too: the row goes where the events are.
INSERT INTO attest.merchant SELECT * FROM shop.merchant;
DROP TABLE shop.merchant;
