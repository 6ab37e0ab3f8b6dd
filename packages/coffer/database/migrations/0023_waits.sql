-- When a wait was stored, so that it can be shortened after the clock was ahead at that moment. Null in older rows.
alter table webhooks.delivery add column due_since timestamptz;
alter table webhooks.delivery alter column due_since set default clock_timestamp();
alter table insights.fraud_action add column waits_since timestamptz;
alter table insights.fraud_action alter column waits_since set default clock_timestamp();
alter table insights.mail add column waits_since timestamptz;
alter table insights.mail alter column waits_since set default clock_timestamp();
