"""What functions do beyond giving a value for a row; and which of them an expression holds."""

from dataclasses import dataclass, field

from sqlglot import exp

from dbt_isolation.sql.tokens import words

#: Another value each time: two copies of them are two values.
_VOLATILE = words("""
    clock_timestamp currval gen_random_bytes gen_random_uuid generate_uuid generateuuidv4 hex_uuid
    input_file_name lastval monotonically_increasing_id newid nextval normal pg_sleep rand rand32 rand64
    randbetween randcanonical randn random random_normal random_uuid randstr rownumberinallblocks seq1
    seq2 seq4 seq8 setseed setval shuffle timeofday txid_current uniform uuid uuid_generate_v1
    uuid_generate_v4 uuid_string uuidv4 uuidv7 zipf
    """)
#: Aggregates that sqlglot does not know as such.
_AGGREGATES = words("""
    any anylast approx_count_distinct approx_percentile approx_quantiles approx_set approx_top_k
    approx_top_sum approximate_jaccard_index approximate_similarity arbitrary arg_max_null
    arg_max_nulls_last arg_min_null arg_min_nulls_last argmax argmin array_concat_agg avgif bit_and
    bit_and_agg bit_or bit_or_agg bit_xor bit_xor_agg bitmap_construct_agg bitmap_or_agg bitstring_agg
    bool_and bool_or booland_agg boolor_agg boolxor_agg checksum collect_list collect_set combine_aggr
    count_min_sketch count_star countif decimal_average entropy every favg first first_value_agg fsum
    geometric_mean group_concat grouparray groupuniqarray histogram histogram_exact hll hll_accumulate
    hll_combine hll_count.init hll_count.merge_partial hll_union_agg json_agg json_object_agg jsonb_agg
    jsonb_object_agg kahan_sum kurtosis kurtosis_pop last listagg lttb mad map_agg map_union max_by mean
    median merge min_by minhash minhash_combine ml.evaluate mode mode_agg multimap_agg numeric_histogram
    object_agg percentile product quantiles range_agg range_intersect_agg regr_avgx regr_avgy regr_count
    regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness some
    st_collect st_extent st_union st_union_agg stddev_agg string_agg sum_no_overflow sumif sumkahan topk
    try_avg try_sum try_variance uniq uniqexact var_agg variant_group_object wavg weighted_avg xmlagg
    """)
#: One row in, any number out.
_ROWS = words("""
    arrayjoin explode explode_outer flatten generate_series generate_subscripts inline inline_outer
    json_array_elements json_array_elements_text json_each json_each_text json_object_keys
    json_populate_recordset json_to_record json_to_recordset json_tuple jsonb_array_elements
    jsonb_array_elements_text jsonb_each jsonb_each_text jsonb_object_keys jsonb_path_query
    jsonb_populate_recordset jsonb_to_record jsonb_to_recordset parse_url_tuple posexplode
    posexplode_outer regexp_matches regexp_split_to_table split_to_table stack string_to_table
    strtok_split_to_table ts_parse ts_stat unnest variant_explode
    """)
_ROW_NODES: tuple[type[exp.Expr], ...] = (
    exp.Explode,
    exp.ExplodingGenerateSeries,
    exp.Inline,
    exp.Unnest,
)
#: Their value depends on the order in which they meet the rows.
_ORDERED = words("""
    any any_value anylast anyvalue arbitrary arg_max arg_min argmax argmin array_agg array_concat_agg
    array_unique_agg arrayagg arrayconcatagg arrayuniqueagg collect_list first first_value firstvalue
    group_concat grouparray groupconcat histogram json_agg json_group_array json_object_agg jsonarrayagg
    jsonb_agg jsonbagg jsonbobjectagg jsonobjectagg jsonobjectaggregate lag last last_value lastvalue lead
    list listagg map_agg max_by min_by mode nth_value nthvalue ntile object_agg row_number rownumber
    string_agg xmlagg
    """)


@dataclass(slots=True)
class Holds:
    """What an expression holds outside of queries in it."""

    aggregate: bool = False
    window: bool = False
    rows: bool = False
    volatile: bool = False
    #: Functions that nobody knows, and whether a column stands outside of any of them and of aggregates.
    unknown: list[str] = field(default_factory=list)
    bare: bool = False


def function_name(node: exp.Expr) -> str:
    """A function's name in lower case, "" for another expression."""
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return str(node.name).lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""


def is_volatile(node: exp.Expr) -> bool:
    """Whether an expression itself, without its parts, has another value each time."""
    if isinstance(node, exp.Rand | exp.Randn | exp.Uuid | exp.NextValueFor):
        return True
    if isinstance(node, exp.Column):
        return node.name.lower() == "nextval" and bool(node.table)
    return isinstance(node, exp.Func) and function_name(node) in _VOLATILE


def order_matters(select: exp.Expr) -> bool:
    """Whether what a SELECT gives may depend on the order in which its sources' rows come."""
    distinct = select.args.get("distinct")
    if any(select.args.get(key) for key in ("limit", "offset", "sample")) or (
        distinct and distinct.args.get("on")
    ):
        return True
    for join in select.args.get("joins") or []:
        if join.args.get("method") == "POSITIONAL":
            return True
    ahead = [
        *select.expressions,
        *(select.args[key] for key in ("having", "qualify", "order") if select.args.get(key)),
    ]
    for one in ahead:
        for node in one.walk():
            if isinstance(node, exp.Window) and node.args.get("spec"):
                return True
            if isinstance(node, exp.Func) and function_name(node).replace("_", "") in _ORDERED_BARE:
                return True
    return False


_ORDERED_BARE = frozenset(name.replace("_", "") for name in _ORDERED)


def holds(expressions: list[exp.Expr], dialect: str) -> Holds:
    """What some expressions hold."""
    found = Holds()
    ahead: list[tuple[exp.Expr, bool]] = [(one, False) for one in expressions]
    while ahead:
        node, inside = ahead.pop()
        if isinstance(node, exp.Query):
            found.volatile = found.volatile or any(is_volatile(one) for one in node.walk())
            continue
        if is_volatile(node):
            found.volatile = True
        if isinstance(node, exp.Window):
            found.window = True
            over = node.this
            while isinstance(over, exp.IgnoreNulls | exp.RespectNulls | exp.Filter | exp.WithinGroup):
                if isinstance(over, exp.Filter | exp.WithinGroup):
                    ahead.append((over.expression, inside))
                over = over.this
            ahead += [(one, inside) for one in over.iter_expressions()]
            ahead += [(one, inside) for key in _WINDOW_PARTS for one in _listed(node.args.get(key))]
            continue
        if isinstance(node, exp.AggFunc) or (
            isinstance(node, exp.Func) and function_name(node) in _AGGREGATES
        ):
            found.aggregate = inside = True
        elif isinstance(node, _ROW_NODES) or (
            isinstance(node, exp.Anonymous)
            and function_name(node) in _ROWS
            and (dialect != "duckdb" or function_name(node) in ("unnest",))
        ):
            found.rows = True
        elif isinstance(node, exp.Anonymous):
            found.unknown.append(function_name(node))
            inside = True
        elif isinstance(node, exp.Column | exp.Star) and not inside:
            found.bare = True
        ahead += [(one, inside) for one in node.iter_expressions()]
    return found


_WINDOW_PARTS = ("partition_by", "order", "spec")


def _listed(value: object) -> list[exp.Expr]:
    if isinstance(value, list):
        return [one for one in value if isinstance(one, exp.Expr)]
    return [value] if isinstance(value, exp.Expr) else []
