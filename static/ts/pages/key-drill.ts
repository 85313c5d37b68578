// SPDX-License-Identifier: EUPL-1.2
// « Exercice de déchiffrement »: the key file opens a challenge on this computer. Also proves a key pair that was never proven.
import { type IssuedChallenge, KeyFileFields, prove } from './keys/proof'
import { canUseCryptography, find, say, sayError } from './keys/texts'
import { Failure, post } from './keys/transport'

function bindDrill(section: HTMLElement): void {
  const form = find(section, '[data-drill-form]', HTMLFormElement)
  const [status, error] = [find(form, '[data-status]', HTMLElement), find(form, '[data-error]', HTMLElement)]
  const button = find(form, '[type=submit]', HTMLButtonElement)
  if (!canUseCryptography(error)) {
    button.disabled = true
    return
  }
  const fields = new KeyFileFields(form)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!button.disabled) void drill()
  })

  async function drill(): Promise<void> {
    button.disabled = true
    error.replaceChildren()
    try {
      showProof(section, await proveKey(section, fields, status))
      say(status, 'proven')
      fields.clear()
    } catch (failure) {
      status.replaceChildren()
      sayError(error, failure)
    } finally {
      button.disabled = false
    }
  }
}

async function proveKey(section: HTMLElement, fields: KeyFileFields, status: HTMLElement): Promise<string> {
  const { challengeUrl, fingerprint, csrf } = section.dataset
  if (challengeUrl === undefined || fingerprint === undefined || csrf === undefined) throw new Failure('unexpected')
  say(status, 'opening')
  const pair = await fields.read(fingerprint)
  say(status, 'proving')
  const issued = (await post(challengeUrl, {}, csrf)) as IssuedChallenge
  return await prove(pair, issued, csrf)
}

/** Brings the facts above up to date. */
function showProof(section: HTMLElement, provenAt: string): void {
  find(document, '[data-proven-at]', HTMLElement).textContent = provenAt
  const badge = section.querySelector('template[data-message=active_badge]')
  if (badge !== null) say(find(document, '[data-health]', HTMLElement), 'active_badge')
}

for (const section of document.querySelectorAll<HTMLElement>('[data-drill]')) bindDrill(section)
