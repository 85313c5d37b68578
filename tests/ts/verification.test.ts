// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, it } from 'vitest'
import { type AnnexFile, filesOfAnnex } from '../../static/ts/annex'
import { encodeUtf8, sha256Hex } from '../../static/ts/bytes'
import { Verification } from '../../static/ts/verification'

function file(name: string, sha256: string, size = 10): AnnexFile {
  return { name, size, sha256, kind: 'offer', lot: null }
}

function verdicts(verification: Verification): string[] {
  return verification.entries.map(({ verdict }) => verdict)
}

describe('Verification', () => {
  it('knows a file by its content, under any name, wherever it is in the bid', () => {
    const verification = new Verification([file('AE.pdf', 'aa'), file('Copie.pdf', 'aa'), file('Prix.xlsx', 'bb')])

    verification.record({ name: 'renommé.pdf', size: 10 }, 'aa')

    expect(verdicts(verification)).toEqual(['identical', 'identical', 'unchecked'])
    expect(verification.isComplete).toBe(false)
  })

  it('tells a file of that name with another content, however the name is written', () => {
    const verification = new Verification([file('M\u00e9moire.pdf', 'aa')])

    verification.record({ name: 'ME\u0301MOIRE.pdf', size: 11 }, null)

    expect(verdicts(verification)).toEqual(['different'])
    expect([...verification.foreign]).toEqual([])
  })

  it('tells a file that is not of the bid', () => {
    const verification = new Verification([file('AE.pdf', 'aa')])

    verification.record({ name: 'Notes.txt', size: 10 }, 'cc')

    expect(verdicts(verification)).toEqual(['unchecked'])
    expect([...verification.foreign]).toEqual(['Notes.txt'])
  })

  it('never takes back that a file is there', () => {
    const verification = new Verification([file('AE.pdf', 'aa')])

    for (const sha256 of ['cc', 'aa', 'cc']) verification.record({ name: 'AE.pdf', size: 10 }, sha256)

    expect(verdicts(verification)).toEqual(['identical'])
    expect(verification.isComplete).toBe(true)
  })

  it.each([
    [10, true],
    [11, false],
  ])('needs the digest of a file of %d bytes: %s', (size, isNeeded) => {
    expect(new Verification([file('AE.pdf', 'aa')]).mayBeOfTheBid({ name: 'x', size })).toBe(isNeeded)
  })
})

describe('filesOfAnnex', () => {
  const annex = encodeUtf8('{"envelopes":[{"files":[{"name":"AE.pdf","sha256":"aa","size":1}],"kind":"offer","lot":2}]}')

  it('gives the files of the annex of the receipt', async () => {
    expect(await filesOfAnnex(annex, await sha256Hex(annex))).toEqual([{ name: 'AE.pdf', size: 1, sha256: 'aa', kind: 'offer', lot: 2 }])
  })

  it('gives none of another annex', async () => {
    expect(await filesOfAnnex(annex, '00'.repeat(32))).toBeNull()
  })
})
