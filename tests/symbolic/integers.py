"""Reads a query over machine words as one over integers, where the arithmetic of money is easy.

A 256-bit word costs a solver dearly because every sum and product may wrap. Here each term carries the interval that it
lies in; where that shows that nothing wraps, and with fields of 63 and 176 bits that is nearly everywhere, it becomes a
plain integer sum or product, otherwise wrapping is spelled out exactly.

Arrays, hashes and bit tricks are not read at all: such a term becomes an unknown. So the integer query allows at least
all that the words allow. If it has no solution the words have none; if it has one, that is a hint
at one of theirs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

import z3


@dataclass(frozen=True)
class Range:
    """An integer term, and bounds that it is known to keep."""

    term: z3.ArithRef
    low: int
    high: int
    # The factors of a product that did not wrap: dividing by one of them gives the other back.
    factors: tuple[z3.ArithRef, ...] = ()


@dataclass
class Reader:
    facts: list[z3.BoolRef] = field(default_factory=list)
    _words: dict[int, Range] = field(default_factory=dict)
    _claims: dict[int, z3.BoolRef] = field(default_factory=dict)
    _quotients: dict[tuple[int, int], tuple[z3.ArithRef, z3.ArithRef]] = field(default_factory=dict)
    # Keeps terms alive: the tables above know them by address.
    _kept: list[z3.ExprRef] = field(default_factory=list)

    # Claims

    def claim(self, term: z3.BoolRef) -> z3.BoolRef:
        known = self._claims.get(term.get_id())
        if known is None:
            self._kept.append(term)
            known = self._claims[term.get_id()] = self._read_claim(term)
        return known

    def _read_claim(self, term: z3.BoolRef) -> z3.BoolRef:
        kind = term.decl().kind()
        children = term.children()
        if kind == z3.Z3_OP_ITE:
            return z3.If(*(self.claim(child) for child in children))
        if kind in CONNECTIVES and all(z3.is_bool(child) for child in children):
            return CONNECTIVES[kind](*(self.claim(child) for child in children))
        if kind in COMPARISONS and all(z3.is_bv(child) for child in children):
            left, right = (self.word(child).term for child in children)
            return COMPARISONS[kind](left, right)
        return z3.FreshBool()

    def numbers(self, model: z3.ModelRef) -> list[z3.BoolRef]:
        """What a solution in integers says of the words that are plain unknowns."""
        unknowns = [term for term in self._kept if z3.is_bv(term) and z3.is_const(term) and not z3.is_bv_value(term)]
        return [term == model.eval(self.word(term).term, model_completion=True).as_long() for term in unknowns]

    # Words

    def word(self, term: z3.BitVecRef) -> Range:
        known = self._words.get(term.get_id())
        if known is None:
            self._kept.append(term)
            known = self._words[term.get_id()] = self._read_word(term)
        return known

    def _read_word(self, term: z3.BitVecRef) -> Range:
        size = term.size()
        if z3.is_bv_value(term):
            return Range(z3.IntVal(term.as_long()), term.as_long(), term.as_long())
        kind = term.decl().kind()
        match kind:
            case z3.Z3_OP_ITE:
                return self._choice(*term.children())
            case z3.Z3_OP_CONCAT:
                return self._concat(term.children())
            case z3.Z3_OP_EXTRACT:
                high, low = term.params()
                return self._wrap(self._shift_right(self.word(term.arg(0)), low), high - low + 1)
            case z3.Z3_OP_BADD:
                return self._wrap(self._sum([self._signed(child) for child in term.children()]), size)
            case z3.Z3_OP_BSUB:
                first, *rest = [self.word(child) for child in term.children()]
                return self._wrap(self._sum([first, *(_negative(other) for other in rest)]), size)
            case z3.Z3_OP_BMUL:
                return self._wrap(self._product([self.word(child) for child in term.children()]), size)
            case z3.Z3_OP_BNEG:
                return self._wrap(_negative(self.word(term.arg(0))), size)
            case z3.Z3_OP_BUDIV | z3.Z3_OP_BUDIV_I | z3.Z3_OP_BUREM | z3.Z3_OP_BUREM_I:
                value, divisor = (self.word(child) for child in term.children())
                return self._division(kind, value, divisor, size)
            case z3.Z3_OP_BOR:
                return self._union([self.word(child) for child in term.children()], size)
        return self._fresh(0, 2**size - 1)

    def _fresh(self, low: int, high: int) -> Range:
        fresh = z3.FreshInt()
        self.facts += [fresh >= low, fresh <= high]
        return Range(fresh, low, high)

    def _choice(self, condition: z3.BoolRef, yes: z3.BitVecRef, no: z3.BitVecRef) -> Range:
        left, right = self.word(yes), self.word(no)
        term = z3.If(self.claim(condition), left.term, right.term)
        return Range(term, min(left.low, right.low), max(left.high, right.high))

    def _union(self, parts: list[Range], size: int) -> Range:
        """What is certain about `or` without looking at bits: at least each part, at most their sum."""
        total = self._sum(parts)
        union = self._fresh(0, 2**size - 1)
        self.facts.append(union.term <= total.term)
        for i, part in enumerate(parts):
            others = parts[:i] + parts[i + 1 :]
            self.facts += [union.term >= part.term]
            self.facts.append(z3.Implies(self._sum(others).term == 0, union.term == part.term))
        return union

    def _concat(self, parts: list[z3.BitVecRef]) -> Range:
        shifted = []
        below = 0
        for part in reversed(parts):
            shifted.append(self._product([self.word(part), _constant(2**below)]))
            below += part.size()
        return self._sum(shifted)

    def _signed(self, term: z3.BitVecRef) -> Range:
        """A summand; one that is multiplied by -1 modulo the word's size, as a negative number."""
        if z3.is_app_of(term, z3.Z3_OP_BMUL) and term.num_args() == 2 and z3.is_bv_value(term.arg(0)):
            factor = term.arg(0).as_signed_long()
            if factor < 0:
                return self._product([_constant(factor), self.word(term.arg(1))])
        if z3.is_bv_value(term):
            return _constant(term.as_signed_long())
        return self.word(term)

    def _sum(self, parts: list[Range]) -> Range:
        parts = [part for part in parts if (part.low, part.high) != (0, 0)]
        if len(parts) == 1:
            return parts[0]
        term = z3.Sum([part.term for part in parts]) if parts else z3.IntVal(0)
        return Range(term, sum(part.low for part in parts), sum(part.high for part in parts))

    def _product(self, parts: list[Range]) -> Range:
        parts = [part for part in parts if (part.low, part.high) != (1, 1)]
        product = parts[0] if parts else _constant(1)
        for part in parts[1:]:
            corners = [a * b for a in (product.low, product.high) for b in (part.low, part.high)]
            product = Range(product.term * part.term, min(corners), max(corners), (product.term, part.term))
        return product

    def _wrap(self, value: Range, size: int) -> Range:
        """The value modulo 2**size, without a division where at most one turn is possible."""
        whole = 2**size
        if value.low >= 0 and value.high < whole:
            return value
        if value.low >= -whole and value.high < whole:
            return Range(z3.If(value.term < 0, value.term + whole, value.term), 0, whole - 1)
        if value.low >= 0 and value.high < 2 * whole:
            return Range(z3.If(value.term >= whole, value.term - whole, value.term), 0, whole - 1)
        turns = self._fresh(value.low // whole, value.high // whole)
        rest = self._fresh(0, whole - 1)
        self.facts.append(value.term == turns.term * whole + rest.term)
        return rest

    def _shift_right(self, value: Range, bits: int) -> Range:
        if bits == 0:
            return value
        return self._quotient(value, _constant(2**bits))[0]

    def _quotient(self, value: Range, divisor: Range) -> tuple[Range, Range]:
        """Quotient and remainder; what they are when the divisor is 0 is left open."""
        key = (value.term.get_id(), divisor.term.get_id())
        if key not in self._quotients:
            self._kept += [value.term, divisor.term]
            quotient, rest = z3.FreshInt(), z3.FreshInt()
            self._quotients[key] = quotient, rest
            exact = [a for a, b in (value.factors, value.factors[::-1]) if b.eq(divisor.term)] if value.factors else []
            division = z3.And(value.term == quotient * divisor.term + rest, rest >= 0, rest < divisor.term)
            if exact:
                division = z3.And(quotient == exact[0], rest == 0)
            self.facts += [z3.Implies(divisor.term > 0, division), quotient >= 0, rest >= 0]
        quotient, rest = self._quotients[key]
        return Range(quotient, 0, value.high // max(divisor.low, 1)), Range(rest, 0, divisor.high)

    def _division(self, kind: int, value: Range, divisor: Range, size: int) -> Range:
        quotient, rest = self._quotient(value, divisor)
        is_quotient = kind in (z3.Z3_OP_BUDIV, z3.Z3_OP_BUDIV_I)
        result = quotient if is_quotient else rest
        if divisor.low > 0:
            return result
        # Words divided by 0 give all ones, and leave themselves as the remainder.
        otherwise = _constant(2**size - 1) if is_quotient else value
        term = z3.If(divisor.term == 0, otherwise.term, result.term)
        return Range(term, 0, max(otherwise.high, result.high))


CONNECTIVES = {
    z3.Z3_OP_TRUE: lambda: z3.BoolVal(True),
    z3.Z3_OP_FALSE: lambda: z3.BoolVal(False),
    z3.Z3_OP_NOT: z3.Not,
    z3.Z3_OP_AND: z3.And,
    z3.Z3_OP_OR: z3.Or,
    z3.Z3_OP_XOR: z3.Xor,
    z3.Z3_OP_IMPLIES: z3.Implies,
    z3.Z3_OP_EQ: lambda a, b: a == b,
}
COMPARISONS = {
    z3.Z3_OP_EQ: lambda a, b: a == b,
    z3.Z3_OP_ULEQ: lambda a, b: a <= b,
    z3.Z3_OP_ULT: lambda a, b: a < b,
    z3.Z3_OP_UGEQ: lambda a, b: a >= b,
    z3.Z3_OP_UGT: lambda a, b: a > b,
}


def _constant(value: int) -> Range:
    return Range(z3.IntVal(value), value, value)


def _negative(value: Range) -> Range:
    return Range(-value.term, -value.high, -value.low)


def answer(query: str) -> str:
    """What a solver prints for the query in the file `query`: "unsat", "sat" and a model, or "unknown".

    A solution in integers is only a hint: its numbers are put into the query over words, where z3 finds the rest of the
    solution, or that there is none with these numbers.
    """
    claims = z3.parse_smt2_file(query)
    result, pins = _solve(claims)
    if result == z3.unsat:
        return "unsat\n"
    words = z3.Solver()
    words.add(*claims, *pins)
    if result == z3.sat and words.check() == z3.sat:
        return f"sat\n(\n{words.model().sexpr()})\n"
    return "unknown\n"


def _solve(query: Iterable[z3.BoolRef], milliseconds: int = 0) -> tuple[z3.CheckSatResult, list[z3.BoolRef]]:
    """Whether the integer reading has a solution; if so, what it says of the query's unknown words."""
    goal = z3.Goal()
    goal.add(*query)
    # Storage is an array written step by step; once the steps are put into each other, a read finds its write.
    (goal,) = z3.Then("simplify", "propagate-values", "solve-eqs", "simplify")(goal)
    reader = Reader()
    claims = [reader.claim(term) for term in goal]
    solver = z3.Solver()
    solver.set(timeout=milliseconds)
    solver.add(*reader.facts, *claims)
    result = solver.check()
    return result, reader.numbers(solver.model()) if result == z3.sat else []


def compare_with_words(queries: int = 200, seed: int = 1) -> int:
    """Reads random queries over words of four bits, where z3 can try all values, and returns how many.

    Raises:
        AssertionError: the reader found no solution where the words have one.
    """
    random = Random(seed)
    unsolvable = 0
    for _ in range(queries):
        query = _random_query(random)
        if _solve(query, milliseconds=100)[0] == z3.unsat:
            unsolvable += 1
            words = z3.Solver()
            words.add(*query)
            assert words.check() == z3.unsat, f"the integer reading loses a solution of {query}"
    # A reader that never finds anything would pass the above.
    assert unsolvable > queries // 20, f"only {unsolvable} of {queries} random queries are without a solution"
    return queries


def _random_query(random: Random) -> list[z3.BoolRef]:
    bits = 4
    terms: list[z3.BitVecRef] = [*z3.BitVecs("a b c", bits), *(z3.BitVecVal(n, bits) for n in (0, 1, 5, 15))]
    binary = [
        lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x | y, lambda x, y: x & y,
        z3.UDiv, z3.URem,
        lambda x, y: z3.Extract(bits - 1, 0, z3.Concat(x, y)), lambda x, y: z3.Extract(5, 2, z3.Concat(x, y)),
        lambda x, y: z3.Extract(2 * bits - 2, bits - 1, z3.ZeroExt(bits, x) * z3.ZeroExt(bits, y)),
        lambda x, y: z3.If(z3.ULT(x, y), x, -y),
        lambda x, y: z3.If(y == 0, z3.BitVecVal(0, bits), z3.UDiv(x * y, y)),
    ]  # fmt: skip
    claims = [lambda x, y: x == y, z3.ULE, z3.ULT, lambda x, y: x != y]
    for _ in range(random.randint(3, 8)):
        terms.append(random.choice(binary)(random.choice(terms), random.choice(terms)))
    return [random.choice(claims)(random.choice(terms), random.choice(terms)) for _ in range(random.randint(2, 5))]
