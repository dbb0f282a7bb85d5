-- What an agent said of a check with its last run, conclusive or not, and when the certificate ends that it saw last:
-- for operators, nothing is judged by it. NULL: not known. Outcome and reason are the numbers of the wire.
-- `certificate_end` is the certificate's own word, in ms: it is not moved when our clock is set back, as `…_ms` are.
ALTER TABLE track ADD COLUMN run_ms INTEGER;
ALTER TABLE track ADD COLUMN run_outcome INTEGER;
ALTER TABLE track ADD COLUMN run_reason INTEGER;
ALTER TABLE track ADD COLUMN run_detail TEXT;
ALTER TABLE track ADD COLUMN run_us INTEGER;
ALTER TABLE track ADD COLUMN certificate_end INTEGER;
-- Where an agent stood before an operator moved it: its batches may still say so.
ALTER TABLE agent ADD COLUMN moved_from TEXT;
