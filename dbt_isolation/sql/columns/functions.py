"""Functions by what they do to rows, and words that only look like columns."""

from sqlglot import exp

from dbt_isolation.sql.tokens import words

_KNOWN = [
    getattr(exp, name, None)
    for name in (
        "Explode", "ExplodeOuter", "Posexplode", "PosexplodeOuter", "Unnest", "GenerateSeries", "Inline",
        "Stack", "ExplodingGenerateSeries",
    )
]  # fmt: skip
#: Functions in a select list that give rows, not a value. GENERATE_ARRAY has GENERATE_SERIES' class in the
#: tree, and in DuckDB it gives a list: where a list is meant, that it shapes rows is true of no column.
GENERATORS = tuple(kind for kind in _KNOWN if isinstance(kind, type) and kind is not exp.GenerateSeries)

#: Aggregates that the parser has no class for.
AGGREGATES = words("""
    any_value approx_distinct approx_median approx_quantile approx_top_k approx_top_sum arg_max arg_min
    argmax argmin array_agg array_concat_agg array_union_agg array_unique_agg avg bit_and bit_or bit_xor
    bool_and bool_or collect_list collect_set corr count countif covar_pop covar_samp entropy every favg
    first fsum geomean geometric_mean group_concat grouparray groupuniqarray histogram hll json_agg
    json_group_array json_group_object json_object_agg jsonb_agg jsonb_object_agg kahan_sum kurtosis
    kurtosis_pop last list listagg logical_and logical_or mad map_agg max max_by mean median min min_by
    mode multimap_agg numeric_histogram object_agg percentile percentile_approx product quantile
    quantile_cont quantile_disc range_agg regr_avgx regr_avgy regr_count regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile skewness stddev stddev_pop stddev_samp
    string_agg sum sum_no_overflow sumkahan uniq uniqexact uniqcombined var_pop var_samp variance
    weighted_avg xmlagg
    """)
#: More of the functions that give rows.
UNNESTING = words("""
    unnest explode explode_outer posexplode posexplode_outer inline inline_outer stack generate_series
    generate_subscripts regexp_split_to_table string_to_table jsonb_array_elements json_array_elements
    jsonb_array_elements_text json_array_elements_text jsonb_each json_each jsonb_each_text
    json_each_text jsonb_object_keys json_object_keys regexp_matches jsonb_path_query json_tuple
    arrayjoin
    """)
#: Words that are functions without brackets, in one engine or another.
NILADIC = words("""
    current_date current_time current_timestamp current_user current_role current_catalog
    current_database current_schema current_warehouse session_user system_user user localtime
    localtimestamp sysdate systimestamp systime getdate rownum level default
    """)
#: Parts of dates, as the first argument of functions that the parser does not know.
UNITS = words("""
    microsecond microseconds us millisecond milliseconds ms second seconds s ss minute minutes mi n hour
    hours hh day days d dd dayofweek dow dw dayofyear doy dy week weeks w wk ww isoweek month months m
    mm mon quarter quarters q qq year years y yy yyyy isoyear decade century millennium epoch timezone
    """)


def name_of(node: exp.Expr) -> str:
    """The name of a function that the parser has no class for, in lower case."""
    return node.name.lower() if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc) else ""
