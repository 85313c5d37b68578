// SPDX-License-Identifier: EUPL-1.2
// What the server says of an envelope before it is opened, whichever way.
import { fromBase64 } from '../../bytes'
import { BadManifest, NotARecipient } from '../../envelope/errors'
import { type Manifest, type ManifestEnvelope, readManifest } from '../../envelope/manifest'
import type { KeyPair } from '../../keys/certificate'
import { getJson } from '../page/server'

/** The manifest of a deposit that is sealed to this key pair, and its envelope `id`. */
export async function describedEnvelope(url: string, id: string, pair: KeyPair): Promise<[Manifest, ManifestEnvelope]> {
  const { manifest: encoded } = (await getJson(url)) as { manifest: string }
  const manifest = readManifest(fromBase64(encoded))
  const envelope = manifest.envelopes.find((each) => each.id === id)
  if (envelope === undefined) throw new BadManifest('the manifest does not have this envelope')
  if (!manifest.recipients.includes(pair.certificate.fingerprint)) throw new NotARecipient('not a recipient of this deposit')
  return [manifest, envelope]
}
