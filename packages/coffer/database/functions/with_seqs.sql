-- An array of seqs with some of them replaced by greater ones.
create or replace function ledger.with_seqs(p_seqs bigint[], p_places integer[], p_new bigint[]) returns bigint[] language plpgsql immutable as $$
begin
  for at in 1 .. cardinality(p_places) loop p_seqs[p_places[at]] := greatest(p_seqs[p_places[at]], p_new[at]); end loop;
  return p_seqs;
end $$;
