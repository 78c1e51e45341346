-- Writes a record of this transaction to the log, so that its commit waits for the disk, and for a synchronous standby, as the
-- commit of each transaction before it did. Answers the transaction's name.
SELECT pg_current_xact_id()::text FROM pg_logical_emit_message(true, 'shelfproof', '')
