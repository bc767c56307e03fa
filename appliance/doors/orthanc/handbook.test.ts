import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handbookOf } from './handbook.ts'
import { withDoor } from './orthanc.contract.ts'

const count = (text: string, part: string) => text.split(part).length - 1

test('the handbook has every route of the document, and needs nothing from elsewhere', () =>
  withDoor(async door => {
    const answer = await door.get('/api/handbook')
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.match(answer.headers.get('content-security-policy')!, /^default-src 'none'/)
    const page = await answer.text()
    const { paths } = (await (await door.get('/api/openapi.json')).json()) as {
      paths: Record<string, Record<string, { summary: string }>>
    }
    const operations = Object.entries(paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map(verb => `<details id="${verb}${path}">`),
    )
    assert.ok(operations.length > 150)
    for (const each of operations) assert.equal(count(page, each), 1, each)
    assert.equal(count(page, '<details '), operations.length)
    assert.doesNotMatch(page, /(src|href)="(https?:)?\/\//)
    for (const [, name] of page.matchAll(/href="#([^"]*)"/g)) {
      assert.equal(count(page, `<section id="${name}">`), 1)
    }
  }))

test('what the document says stands on the page as text, whatever it is', () => {
  const page = handbookOf({
    info: { title: 'A<b>', version: '"1"' },
    paths: {
      '/x/{id}': {
        post: {
          ...{ summary: '<script>alert(1)</script>', tags: ['"><i>'] },
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
          requestBody: {
            required: true,
            content: {
              'application/json': {
                schema: {
                  oneOf: [
                    { type: 'array', items: { type: 'string' } },
                    {
                      type: 'object',
                      properties: { Level: { enum: ['A', 'B'], description: 'How <deep>.' } },
                      required: ['Level'],
                    },
                  ],
                },
              },
            },
          },
          responses: { 200: {} },
        },
      },
    },
  })
  assert.doesNotMatch(page, /<script>alert|<i>"|<deep>|A<b>/)
  assert.match(page, /either list of texts/)
  assert.match(page, /<code>Level<\/code> <i>&#34;A&#34; \| &#34;B&#34;<\/i> How &#60;deep&#62;\./)
})
