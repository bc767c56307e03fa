import type { Question } from './compare.ts'

export const get = (path: string): Question => ({ method: 'GET', path, unordered: true })
export const send = (
  method: string,
  path: string,
  body = '',
  headers?: Record<string, string>,
) => ({
  method,
  path,
  body,
  about: body,
  unordered: true,
  ...(headers && { headers }),
})

/** Writes about one study, in this order. */
export const writesAbout = (study: string): readonly Question[] => {
  const metadata = `/studies/${study}/metadata`
  const attachments = `/studies/${study}/attachments`
  return [
    get(`${metadata}/my`),
    send('PUT', `${metadata}/my`, 'hello'),
    get(`${metadata}/my`),
    {
      ...get(`${metadata}/my`),
      headers: { 'If-None-Match': '"0-5d41402abc4b2a76b9719d911017c592"' },
    },
    ...['soup', '*', '', '0-5d41402abc4b2a76b9719d911017c592', '"1-x"'].flatMap(etag => [
      { ...get(`${metadata}/my?if-none-match=${etag}`), headers: { 'If-None-Match': etag } },
    ]),
    ...['soup', '*', '', '"a-b"', '"7-00"', '0-x'].flatMap(etag => [
      send('PUT', `${metadata}/my`, 'other', { 'If-Match': etag }),
      send('DELETE', `${metadata}/my`, '', { 'If-Match': etag }),
    ]),
    send('PUT', `${metadata}/my`, 'hello again'),
    send('PUT', `${metadata}/2000`, 'two thousand'),
    get(metadata),
    get(`${metadata}?expand`),
    send('PUT', `${metadata}/1000`, 'x'),
    send('PUT', `${metadata}/LastUpdate`, 'x'),
    send('PUT', `${metadata}/nonsense`, 'x'),
    send('PUT', `${metadata}/65536`, 'x'),
    send('DELETE', `${metadata}/LastUpdate`),
    send('DELETE', `${metadata}/nonsense`),
    send('DELETE', `${metadata}/my`),
    send('DELETE', `${metadata}/my`),
    send('PUT', `${attachments}/att`, 'hello'),
    send('PUT', `${attachments}/att`, 'other', { 'If-Match': '"7-00"' }),
    send('DELETE', `${attachments}/att`, '', { 'If-Match': 'soup' }),
    {
      ...get(`${attachments}/att/size?if-none-match=soup`),
      headers: { 'If-None-Match': 'soup' },
    },
    send('PUT', `${attachments}/3000`, 'hello too'),
    send('DELETE', `${attachments}/dicom-as-json`),
    get(attachments),
    get(`${attachments}?full`),
    get(`${attachments}/att/data`),
    get(`${attachments}/att/info`),
    get(`${attachments}/att/md5`),
    send('POST', `${attachments}/att/verify-md5`),
    send('PUT', `${attachments}/nonsense`, 'x'),
    send('PUT', `${attachments}/10`, 'x'),
    send('POST', `${attachments}/att/compress`),
    get(`${attachments}/att/is-compressed`),
    get(`${attachments}/att/compressed-size`),
    get(`${attachments}/att/data`),
    send('POST', `${attachments}/att/uncompress`),
    get(`${attachments}/att/info`),
    { ...get(`${attachments}/att/data`), headers: { Range: 'bytes=9-' } },
    send('DELETE', `${attachments}/att`),
    send('DELETE', `${attachments}/att`),
    get(`${attachments}/att`),
  ]
}

/** What bites a patient: protection and removal. */
export const writesAboutPatient = (patient: string): readonly Question[] => [
  send('PUT', `/patients/${patient}/protected`, '1'),
  get(`/patients/${patient}/protected`),
  send('PUT', `/patients/${patient}/protected`, 'nonsense'),
  send('PUT', `/patients/${patient}/protected`, '0'),
  get(`/patients/${patient}/protected`),
]
