-- Keys that a process replaces with each beat: the newest two. With them it proves to other processes that it works on this database now. The
-- secret and the ids of processes are in every backup; a key of a backup is soon outdated.
alter table ownership.process add column keys bytea[] not null default '{}';
