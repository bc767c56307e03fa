import { silentLog } from '../../appliance/log.ts'
import { readDataset, writeDataset } from '../../appliance/standard/dicom/dicom.ts'
import { createAcceptor, type Reply } from '../../appliance/standard/dimse/dimse.ts'

/** What a far side answers to one C-STORE: a status, or nothing at all. */
export type Answer = number | 'silence'

/** A PACS over DIMSE that fails on cue. */
export interface BadScp {
  port: number
  /** Datasets taken, by SOP Instance UID. */
  taken: Map<string, Buffer>
  /** C-STORE requests seen, whatever was answered, and in which association. */
  requests: { sopInstanceUid: string; association: number }[]
  /** SOP Instance UIDs that C-FIND does not list though they were taken. */
  forgotten: Set<string>
  /** What C-FIND ends with instead of a list; 0: with a list. */
  findAnswer: number
  /** How many images it says a series has; as many as it lists, unless told. */
  count: ((series: string, listed: number) => number | undefined) | undefined
  /** Query/Retrieve Level of each C-FIND. */
  questions: string[]
  answer(sopInstanceUid: string): Answer
  /** Says of these that they are stored, and forgets them. */
  forgets(sopInstanceUid: string): boolean
  /** Which pairs of SOP class and transfer syntax it takes. */
  takes(sopClassUid: string, transferSyntaxUid: string): boolean
  /** Whether it lets callers in. */
  open: boolean
  stop(): Promise<void>
}

/** On our own acceptor: a peer for what no real one does on request. */
export async function startBadScp(): Promise<BadScp> {
  const stopping = new AbortController()
  const scp: BadScp = {
    port: 0,
    taken: new Map(),
    requests: [],
    forgotten: new Set(),
    findAnswer: 0,
    count: undefined,
    questions: [],
    answer: () => 0,
    forgets: () => false,
    takes: () => true,
    open: true,
    async stop() {
      stopping.abort()
      await running
    },
  }
  const acceptor = createAcceptor({
    host: '127.0.0.1',
    port: 0,
    aeTitles: 'any',
    admit: () =>
      scp.open
        ? 'accepted'
        : { result: 'permanent', source: 1, reason: 3, sentence: 'closed on cue' },
    offers: (abstractSyntax, request) => {
      const proposed = request.contexts
        .filter(context => context.abstractSyntax === abstractSyntax)
        .flatMap(context => context.transferSyntaxes)
      const transferSyntaxes = proposed.filter(syntax => scp.takes(abstractSyntax, syntax))
      return transferSyntaxes.length > 0 || proposed.length === 0
        ? { transferSyntaxes }
        : scp.takes(abstractSyntax, 'any')
          ? { transferSyntaxes: ['1.2.840.10008.1.2.4.999'] }
          : undefined
    },
    services: {
      operations: {
        async *'C-FIND'({ dataset, transferSyntaxUid }) {
          if (scp.findAnswer !== 0) {
            yield { status: scp.findAnswer }
            return
          }
          const asked = readDataset(dataset ?? new Uint8Array(0), transferSyntaxUid)
          const level = asked.text('QueryRetrieveLevel') ?? ''
          scp.questions.push(level)
          if (level === 'SERIES') {
            const listed = [...scp.taken.keys()].filter(uid => !scp.forgotten.has(uid))
            // Test images of a study are of one series.
            const series = Map.groupBy(listed, uid => uid.replace(/\d+$/, '0'))
            for (const [uid, images] of series) {
              const count = scp.count ? scp.count(uid, images.length) : images.length
              const answer = [
                { tag: 'QueryRetrieveLevel', value: 'SERIES' },
                { tag: 'SeriesInstanceUID', value: uid },
                { tag: 'NumberOfSeriesRelatedInstances', value: count?.toString() },
              ]
              yield { status: 0xff00, dataset: writeDataset(answer, transferSyntaxUid) }
            }
            yield { status: 0 }
            return
          }
          for (const uid of scp.taken.keys()) {
            if (scp.forgotten.has(uid)) continue
            const answer = [
              { tag: 'SOPInstanceUID', value: uid },
              { tag: 'QueryRetrieveLevel', value: 'IMAGE' },
              { tag: 'SeriesInstanceUID', value: asked.text('SeriesInstanceUID') },
            ]
            yield { status: 0xff00, dataset: writeDataset(answer, transferSyntaxUid) }
          }
          yield { status: 0 }
        },
      },
      async store({ sopInstanceUid, association, data, stop }): Promise<Reply> {
        scp.requests.push({ sopInstanceUid, association: association.id })
        const chunks: Buffer[] = []
        for await (const chunk of data) chunks.push(Buffer.from(chunk))
        const answer = scp.answer(sopInstanceUid)
        if (typeof answer !== 'number') {
          await new Promise(resolve => stop.addEventListener('abort', resolve))
          return { status: 0x0110 }
        }
        if (answer === 0 && !scp.forgets(sopInstanceUid))
          scp.taken.set(sopInstanceUid, Buffer.concat(chunks))
        return { status: answer }
      },
    },
    log: silentLog,
  })
  const running = acceptor.run(stopping.signal)
  const { port } = await acceptor.listening
  scp.port = port ?? 0
  return scp
}
