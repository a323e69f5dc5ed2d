LOYAL_FROM_ORDERS = 10


def model(dbt, session):
    dbt.config(materialized="table")

    # A DuckDB relation in, a DuckDB relation out: needs neither pandas nor pyarrow.
    customers = dbt.ref("dim_customers")
    return customers.project(
        f"""
        customer_id,
        order_count,
        lifetime_amount_eur,
        case
            when order_count = 0 then 'prospect'
            when order_count < {LOYAL_FROM_ORDERS} then 'occasional'
            else 'loyal'
        end as segment
        """
    )
