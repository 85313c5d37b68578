// SPDX-License-Identifier: EUPL-1.2
// « Exercice de déchiffrement »: the key opens a challenge on this computer. Also proves a key pair that was never proven.
import type { KeyPair } from '../keys/certificate'
import { attempt } from './keys/gesture'
import { KeepPanel } from './keys/keep-panel'
import { canUseCryptography, type IssuedChallenge, KeyFileFields, prove } from './keys/proof'
import { find, hasTemplate, say } from './page/elements'
import { Failure } from './page/errors'
import { postJson } from './page/server'

function bindDrill(section: HTMLElement): void {
  const form = find(section, '[data-drill-form]', HTMLFormElement)
  const places = { status: find(form, '[data-status]', HTMLElement), error: find(form, '[data-error]', HTMLElement) }
  const button = find(form, '[type=submit]', HTMLButtonElement)
  if (!canUseCryptography(places.error)) {
    button.disabled = true
    return
  }
  const { fingerprint = '' } = section.dataset
  const fields = new KeyFileFields(form, [fingerprint])
  const panel = new KeepPanel(find(document, '[data-keep-panel]', HTMLElement), fingerprint)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void drill()
  })

  async function drill(): Promise<void> {
    await attempt(button, places, async (status) => {
      const pair = await proveKey(section, fields, status)
      say(status, fields.isKept ? 'proven_kept' : 'proven')
      if (!fields.isKept) panel.offer(pair)
      fields.clear()
    })
  }
}

async function proveKey(section: HTMLElement, fields: KeyFileFields, status: HTMLElement): Promise<KeyPair> {
  const { challengeUrl, fingerprint, csrf } = section.dataset
  if (challengeUrl === undefined || fingerprint === undefined || csrf === undefined) throw new Failure('unexpected')
  say(status, 'opening')
  const pair = await fields.read(fingerprint)
  say(status, 'proving')
  const issued = (await postJson(challengeUrl, {}, csrf)) as IssuedChallenge
  showProof(section, await prove(pair, issued, csrf))
  return pair
}

/** Brings the facts above up to date. */
function showProof(section: HTMLElement, provenAt: string): void {
  find(document, '[data-proven-at]', HTMLElement).textContent = provenAt
  if (hasTemplate(section, 'active_badge')) say(find(document, '[data-health]', HTMLElement), 'active_badge')
}

for (const section of document.querySelectorAll<HTMLElement>('[data-drill]')) bindDrill(section)
