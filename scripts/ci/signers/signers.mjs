// Reads requests as lines of JSON and answers each with a line: what it would be signed with, or whether it is genuine.
//
//     {"sign": "standardwebhooks", "secret": "whsec_…", "id": "m1", "time": 1790000000, "body": "…"}  →  "v1,…"
//     {"check": "shopify", "secret": "hush", "headers": {…}, "body": "…"}                             →  true

import { createInterface } from 'node:readline'

import '@shopify/shopify-api/adapters/node'
import { LogSeverity, shopifyApi } from '@shopify/shopify-api'
import { Webhook } from 'standardwebhooks'

const sign = ({ secret, id, time, body }) => new Webhook(secret).sign(id, new Date(time * 1000), body)

async function isGenuine({ secret, headers, body }) {
  const shopify = shopifyApi({
    apiKey: 'key',
    apiSecretKey: secret,
    apiVersion: '2025-01',
    hostName: 'shop.example',
    isEmbeddedApp: false,
    logger: { level: LogSeverity.Error, log: () => {} },
  })
  const rawRequest = { method: 'POST', url: '/', headers }
  return (await shopify.webhooks.validate({ rawBody: body, rawRequest, rawResponse: {} })).valid
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  console.log(JSON.stringify(request.sign ? sign(request) : await isGenuine(request)))
}
