import { type Level, levels, type PublicId } from '../../holdings/catalog/catalog.ts'
import { json, missing } from './answers.ts'
import { argument, type Call, flag, listed, page, tagFormat } from './arguments.ts'
import { ancestorOf, type Desk, expectResource } from './desk.ts'
import { Refusal } from './errors.ts'
import { levelAt, pathOf, rankOf } from './levels.ts'
import { inLots, listing, lotsOf } from './listing.ts'
import { removeResource } from './removal.ts'
import { describe, partsNamed, type Telling } from './resources.ts'
import type { Routes } from './routes.ts'

/** Lists of each level, single resources, what lies below them and above. */
export const listRoutes: Routes = (app, desk) => {
  const { catalog } = desk.archive

  for (const path of ['patients', 'studies', 'series', 'instances']) {
    const level = levelAt(path)

    app.get(`/${path}`, async c => {
      const telling = tellingOf(desk, c)
      const expanded = telling.parts !== undefined || (flag(c, 'expand') ?? false)
      return listing(desk, c, level, lotsOf(desk, level, page(c)), expanded ? telling : undefined)
    })

    app.get(`/${path}/:id`, async c => {
      const told = await describe(desk, level, c.req.param('id'), tellingOf(desk, c))
      return told ? json(told) : missing()
    })

    app.delete(`/${path}/:id`, async c => {
      const id = c.req.param('id')
      if (catalog.levelOf(id) !== level) return missing()
      const { left } = await removeResource(desk, id)
      return json({
        RemainingAncestor: left && {
          ID: left.id,
          Path: `/${pathOf[left.level]}/${left.id}`,
          Type: left.level,
        },
      })
    })

    for (const below of levels.slice(rankOf(level) + 1)) {
      app.get(`/${path}/:id/${pathOf[below]}`, async c => {
        expectResource(desk, level, c.req.param('id'))
        const ids = descendants(desk, level, c.req.param('id'), below)
        const expanded = flag(c, 'expand') ?? true
        return listing(desk, c, below, inLots(ids), expanded ? tellingOf(desk, c) : undefined)
      })
    }

    for (const above of levels.slice(0, rankOf(level))) {
      app.get(`/${path}/:id/${above.toLowerCase()}`, async c => {
        expectResource(desk, level, c.req.param('id'))
        const id = ancestorOf(desk, c.req.param('id'), above)
        const told =
          id === undefined ? undefined : await describe(desk, above, id, tellingOf(desk, c))
        if (!told) throw new Refusal('UnknownResource')
        return json(told)
      })
    }
  }
}

/** What a request's arguments want told. */
export function tellingOf(desk: Desk, c: Call): Telling {
  const content = argument(c, 'response-content')
  const tags = argument(c, 'requested-tags') ?? argument(c, 'requestedTags')
  return {
    format: tagFormat(c, 'human'),
    ...(content !== undefined && { parts: partsNamed(listed(content, ';')) }),
    ...(tags !== undefined && { requestedTags: listed(tags, ';').map(desk.dictionary.asked) }),
  }
}

/** Public identifiers of one level below a resource, depth first. */
export function* descendants(
  desk: Desk,
  level: Level,
  id: PublicId,
  below: Level,
): Iterable<PublicId> {
  const { catalog } = desk.archive
  const next = levels[rankOf(level) + 1]!
  for (const child of catalog.children(id)) {
    if (next === below) yield child
    else yield* descendants(desk, next, child, below)
  }
}
