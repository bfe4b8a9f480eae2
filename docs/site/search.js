// How search results are ordered. Sphinx's own numbers, but for functions: here a lesson, which
// explains, comes before the reference.
var Scorer = {
  objNameMatch: 5,
  objPartialMatch: 3,
  objPrio: { 0: 0, 1: 0, 2: 0 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
