-- Who made an asynchronous request: the actor of the entries that carry it out. Null in requests of earlier versions.
alter table requests.request add column actor text collate "C";
