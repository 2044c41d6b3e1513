-- Batches in the journal are packed now (journal.h); those that are there are as they were.
ALTER TABLE journal ADD COLUMN form INTEGER NOT NULL DEFAULT 0;
