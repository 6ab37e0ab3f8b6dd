-- The audit also holds what was changed at the command line: the command is the url, its arguments are the body.
alter table audit.request drop constraint request_transport_check;
alter table audit.request add constraint request_transport_check check (transport in ('http', 'grpc', 'cli'));
