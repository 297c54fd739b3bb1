-- a steward's word outweighs everything; 60 bits stand for certainty
delete from fresh_edges e using identity.standing_decisions d
where d.verdict = 'different' and d.left_id = e.left_id and d.right_id = e.right_id;
insert into fresh_edges
select d.left_id, d.right_id, 'decided by a person', 60, 'decision', true from identity.standing_decisions d
join edge_people l on l.record_id = d.left_id join edge_people r on r.record_id = d.right_id
where d.verdict = 'same' and {{ touched }};
