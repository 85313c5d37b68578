// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, it } from 'vitest'
import { earlierReferences, type SentFile } from '../../static/ts/pages/deposit/sent'

const sent: SentFile[] = [
  { consultation: 'a', reference: '2026-1', name: 'mémoire.pdf', size: 10, sha256: 'aa' },
  { consultation: 'b', reference: '2026-2', name: 'prix.xlsx', size: 20, sha256: 'bb' },
]

describe('earlierReferences', () => {
  it.each([
    ['the same file', { name: 'Autre nom.pdf', size: 10, sha256: 'aa' }, '2026-1'],
    ['the same name and size, before the digest is known', { name: 'MÉMOIRE.pdf', size: 10, sha256: null }, '2026-1'],
    ['the same name and size, of another file', { name: 'mémoire.pdf', size: 10, sha256: 'cc' }, null],
    ['the same name, of another size', { name: 'mémoire.pdf', size: 11, sha256: null }, null],
    ['a file of this consultation', { name: 'prix.xlsx', size: 20, sha256: 'bb' }, null],
  ])('of %s', (_what, file, reference) => {
    expect(earlierReferences(sent, 'b')(file)).toBe(reference)
  })
})
