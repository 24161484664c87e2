"""Orders of a Shopify shop, and requests to it without HTTP."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from demo.services.shopify import (
    LineFacts,
    ManualClock,
    OrderFacts,
    Shopify,
    ShopifyStore,
    build_order,
)

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
PAGE_QUERY = """
query OrdersPage($n:Int!,$after:String,$q:String!){
 orders(first:$n, after:$after, sortKey:UPDATED_AT, query:$q){
  pageInfo{hasNextPage endCursor}
  nodes{
   id legacyResourceId name test edited confirmed createdAt processedAt updatedAt cancelledAt
   cancelReason closedAt
   displayFinancialStatus displayFulfillmentStatus returnStatus sourceName tags discountCodes
   taxesIncluded dutiesIncluded currencyCode presentmentCurrencyCode email
   app{id name}
   customer{id}
   shippingAddress{countryCodeV2} billingAddress{countryCodeV2}
   customAttributes{key value}
   totalPriceSet{shopMoney{amount}} originalTotalPriceSet{shopMoney{amount}}
   currentTotalPriceSet{shopMoney{amount}}
   totalTaxSet{shopMoney{amount}} totalDiscountsSet{shopMoney{amount}}
   totalTipReceivedSet{shopMoney{amount}}
   totalRefundedSet{shopMoney{amount}} refundDiscrepancySet{shopMoney{amount}}
   currentTotalDutiesSet{shopMoney{amount}} originalTotalDutiesSet{shopMoney{amount}}
   currentTotalAdditionalFeesSet{shopMoney{amount}} originalTotalAdditionalFeesSet{shopMoney{amount}}
   additionalFees{id name price{shopMoney{amount}} taxLines{priceSet{shopMoney{amount}}}}
   totalCashRoundingAdjustment{paymentSet{shopMoney{amount}} refundSet{shopMoney{amount}}}
   disputes{id status initiatedAs}
   shippingLines(first:10, includeRemovals:true){pageInfo{hasNextPage} nodes{id isRemoved
   originalPriceSet{shopMoney{amount}} discountedPriceSet{shopMoney{amount}}
   taxLines{priceSet{shopMoney{amount}}}}}
   lineItems(first:50){pageInfo{hasNextPage endCursor} nodes{
     id sku name title variantTitle vendor quantity currentQuantity isGiftCard taxable
     product{id productType category{name}} variant{id} lineItemGroup{id variantSku}
     originalUnitPriceSet{shopMoney{amount}} originalTotalSet{shopMoney{amount}}
     discountAllocations{allocatedAmountSet{shopMoney{amount}}}
     taxLines{priceSet{shopMoney{amount}} channelLiable}
     duties{id price{shopMoney{amount}}}
   }}
   refunds(first:50){id legacyResourceId createdAt processedAt updatedAt note
   totalRefundedSet{shopMoney{amount}} return{id}
     refundLineItems(first:50){pageInfo{hasNextPage} nodes{id quantity restockType
     subtotalSet{shopMoney{amount}} totalTaxSet{shopMoney{amount}} lineItem{id}}}
     refundShippingLines(first:5){nodes{id subtotalAmountSet{shopMoney{amount}}
     taxAmountSet{shopMoney{amount}}}}
     orderAdjustments(first:5){nodes{id reason amountSet{shopMoney{amount}}
     taxAmountSet{shopMoney{amount}}}}
     duties{amountSet{shopMoney{amount}}}
     transactions(first:10){nodes{id kind status amountSet{shopMoney{amount}}}}
   }
  }}}
"""


def make_order(number=1, created_at=NOW, **facts):
    """Return an order with one mug for 10.00 unless `facts` differ."""
    lines = facts.pop("lines", [LineFacts("MUG", Decimal(10))])
    return build_order(OrderFacts(number, created_at, lines, **facts))


def make_orders(count):
    """Return orders 1, 2, … of the minutes before `NOW`, the newest first."""
    return [
        make_order(1 + number, NOW - timedelta(minutes=number))
        for number in range(count)
    ]


def make_shop(orders, lag=0, **shop):
    """Return a shop that does not run, with a clock that shows `NOW`."""
    return Shopify(ShopifyStore(orders, shop, ManualClock(NOW)), lag=lag)


def run(shop, query, /, **variables):
    """Return the body of the response to a query."""
    return shop.engine.execute(
        {"query": query, "variables": variables}, "http://shop"
    ).body


def data(shop, query, /, **variables):
    """Return the data of a query without errors."""
    body = run(shop, query, **variables)
    assert "errors" not in body
    return body["data"]
