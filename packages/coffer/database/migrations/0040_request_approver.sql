-- The second person: who approved the payout of a request, for the entry of its capture.
alter table requests.request add column approver text;
