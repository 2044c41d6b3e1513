-- Labels and annotations of alerts that came from elsewhere, as one text (model/labels.h); '' for all others.
ALTER TABLE alert ADD COLUMN labels TEXT NOT NULL DEFAULT '';
