-- Its only use left is in the hand-over of a book; ledger.lock_book has replaced it. Nothing takes turns on a book any more.
drop function if exists ledger.take_turn(integer);
