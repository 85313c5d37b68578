// SPDX-License-Identifier: EUPL-1.2

/** What a buyer would stumble upon; each has its sentence on the page. None forbids to send the file. */
export type Finding =
  | 'already_sealed' // to somebody, by another program
  | 'archive_cut' // ZIP, and the documents that are one
  | 'archive_damaged'
  | 'archive_empty'
  | 'archive_protected' // by a password
  | 'document_protected'
  | 'empty'
  | 'macros'
  | 'not_its_type' // its name says another format
  | 'pdf_cut'
  | 'pdf_damaged'
  | 'pdf_protected'
