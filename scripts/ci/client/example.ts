// A small client of the service, made from its OpenAPI document. CI type-checks it: a document that a generator
// understands wrongly does not compile here.

import createClient from "openapi-fetch";

import type { components, paths } from "./api.d.ts";

type Order = components["schemas"]["OrderDocument"];
type Profile = components["schemas"]["ProfileResponse"];

export function connect(baseUrl: string, token: string) {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
}

type Huitou = ReturnType<typeof connect>;

/** Tells the service of an order and answers whether it was news. */
export async function tellOrder(huitou: Huitou, shopId: string, number: string, order: Order): Promise<boolean> {
  const { data, error } = await huitou.PUT("/v1/shops/{shop_id}/orders/{external_id}", {
    params: { path: { shop_id: shopId, external_id: number } },
    body: order,
  });
  if (error) throw new Error(`${error.code}: ${error.detail} (request ${error.request_id ?? "?"})`);
  return data.applied;
}

/** All customers of a shop, page by page. */
export async function* customers(huitou: Huitou, shopId: string) {
  let cursor: string | null | undefined;
  do {
    const { data, error } = await huitou.GET("/v1/customers", {
      params: { query: { shop_id: shopId, limit: 200, ...(cursor ? { cursor } : {}) } },
    });
    if (error) throw new Error(error.detail);
    yield* data.data;
    cursor = data.next_cursor;
  } while (cursor);
}

/** What a person at the desk wants to know. */
export async function profile(huitou: Huitou, id: string): Promise<Profile> {
  const { data, error } = await huitou.GET("/v1/customers/{id}/profile", { params: { path: { id } } });
  if (error) throw new Error(error.errors?.map((item) => item.detail).join("; ") ?? error.detail);
  return data;
}

export const anOrder: Order = {
  status: "paid",
  version: "2026-11-11T00:03:10Z",
  ordered_at: "2026-11-11T00:01:02+08:00",
  paid_at: "2026-11-11T00:03:10+08:00",
  currency: "CNY",
  total_amount: 25800,
  customer: { external_id: "ouid-123", name: "小4" },
  lines: [{ sku: "DC-XXXXL-RED", title: "羽绒服", quantity: 1, unit_amount: 27800, total_amount: 25800 }],
};

export function spent(profile: Profile): string {
  const { facts, customer, recent_orders } = profile;
  return `${customer.id}: ${facts.orders} orders, ${facts.spent_amount}, last ${recent_orders[0]?.external_id ?? "never"}`;
}
