{#
  Whole-number arithmetic only: random() differs by run, hash() by version of DuckDB.
  A quadratic modulo a prime, so that two columns drawn with different salts are not in step.
#}
{% macro noise(column, salt, modulus) -%}
(((({{ column }} + {{ salt }}) * ({{ column }} + {{ salt }}) % 1000003) * 7919 + {{ column }} * {{ salt }}) % 1000003 % {{ modulus }})
{%- endmacro %}
