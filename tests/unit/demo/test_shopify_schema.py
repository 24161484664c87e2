import re

import pyarrow
import pytest
from graphql import (
    EnumTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    parse,
    print_ast,
    validate,
)

from demo.layout import REPOSITORY
from demo.services.shopify.engine import SCHEMA_FILE, load_schema
from tests.unit.demo.shopify_shop import PAGE_QUERY

WHOLE = REPOSITORY.parent / "shared" / "shopify" / "admin-2026-07.graphql.zst"
_Fields = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode


@pytest.mark.skipif(not WHOLE.exists(), reason="there is no copy of the whole schema")
def test_the_schema_is_a_part_of_the_whole_schema() -> None:
    with pyarrow.input_stream(WHOLE, compression="zstd") as stream:
        whole = stream.read().decode()
    starts = {
        match[1]: match.start()
        for match in re.finditer(r"^[a-z]+ (\w+)", whole, re.MULTILINE)
    }
    for part in parse(SCHEMA_FILE.read_text()).definitions[1:]:
        name = part.name.value
        start = starts[name]
        end = (
            whole.index(
                "\n" if isinstance(part, ScalarTypeDefinitionNode) else "\n}", start
            )
            + 2
        )
        full = parse(whole[start:end], no_location=True).definitions[0]
        assert full.kind == part.kind, name
        if isinstance(part, EnumTypeDefinitionNode):
            assert _names(part.values) <= _names(full.values), name
        elif isinstance(part, _Fields):
            assert _names(part.interfaces) <= _names(full.interfaces), name
            fields = {field.name.value: _signature(field) for field in full.fields}
            for field in part.fields:
                assert _signature(field) == fields[field.name.value], (
                    f"{name}.{field.name.value}"
                )


def _names(nodes) -> set[str]:
    return {node.name.value for node in nodes or ()}


def _signature(field) -> tuple[str, dict[str, str]]:
    arguments = {
        each.name.value: f"{print_ast(each.type)} = {each.default_value and print_ast(each.default_value)}"
        for each in field.arguments or ()
    }
    return print_ast(field.type), arguments


QUERIES = (
    PAGE_QUERY,
    "{ shop { currencyCode ianaTimezone taxesIncluded name myshopifyDomain plan { publicDisplayName } } }",
    "{ currentAppInstallation { accessScopes { handle } } }",
    """{ order(id: "1") { metafield(key: "k") { value } retailLocation { address { countryCode } }
        attribution { handle } customerJourneySummary { lastVisit { utmParameters { campaign } } } } }""",
    """{ order(id: "1") { agreements(first: 9) { nodes { happenedAt reason sales(first: 9) { nodes {
        actionType lineType quantity totalAmount { shopMoney { amount } }
        ... on ProductSale { lineItem { id } } } } } } } }""",
    """{ events(first: 9, query: "action:destroy") { nodes {
        createdAt ... on BasicEvent { subjectId } } } }""",
    "{ bulkOperations(first: 9) { nodes { status objectCount } } currentBulkOperation { id } }",
)


@pytest.mark.parametrize("query", QUERIES)
def test_the_schema_has_what_an_extract_of_sales_selects(query: str) -> None:
    assert validate(load_schema(), parse(query)) == []
