# SPDX-License-Identifier: EUPL-1.2
"""Refusals of this app, a module for each thing that is refused. `marketplace.errors` says what each carries.

Refusal
├── PublicationRefused      `publication`: going on line
│   ├── NoPersonalKey       no personal key pair is chosen
│   ├── NoBackupKey         no backup key pair of the service is in service
│   ├── OneHolder           one person holds all of them
│   ├── KeyDeficient        one of them must not seal: see `envelopes.deficiencies`
│   ├── RecipientsChanged   the key pairs are no longer those that were shown
│   ├── TooManyRecipients   a block has at most 64
│   └── TwinCertificates    two certificates have the same issuer and serial number
├── UploadRefused           `uploads`: sending a file
│   ├── BadUpload           a header of the protocol is missing or wrong
│   │   └── BadContentType  the body is not said to be bytes of a file
│   ├── UnknownEnvelope     the envelope is not one of this deposit
│   ├── UploadDiffers       another upload has the id that was drawn for this one
│   ├── FileTooLarge        more than a file may have
│   ├── MeasureTooLarge     more than is sent to measure a line
│   ├── TooManyFiles        more than a deposit may have
│   ├── DepositTooLarge     more bytes than a deposit may have
│   ├── RehearsalTooLarge   more bytes than a deposit in a test consultation may have
│   ├── NoRoom              the store could not keep what is announced
│   ├── BeyondLength        more bytes than were announced
│   ├── PieceTooSmall       the request ends before the block does: nothing of it could be kept
│   ├── OffsetMismatch      the request does not start where the server stopped
│   ├── WriterDisplaced     a newer request took over
│   ├── UploadRemoved       the file was removed meanwhile
│   ├── TransferCut         the request ended in the middle of a block
│   ├── StoreFailed         the store did not keep a block
│   └── AlreadySubmitted    the deposit is submitted: its files are frozen
├── SubmissionRefused       `submission`: submitting a deposit
│   ├── BadAnnouncement     the list of files has not the form it must have
│   ├── SubmissionCut       the request ended before its announced length
│   ├── NothingToSubmit     no file
│   ├── BadFileName         a name that no computer could keep
│   ├── SameName            two files of an envelope have one name
│   ├── FilesDiffer         the files announced are not those that were received
│   ├── FileIncomplete      a file has not wholly arrived
│   ├── TooManyRehearsals   the company submitted as many in a day as are received
│   ├── StoredBlockDamaged  what is read back from the store is not what was sealed
│   ├── StoreSilent         the store does not answer
│   ├── RelationMissing     replace the earlier deposit, or complete it? that was not said
│   ├── RelationFrozen      the deposit is submitted: that no longer changes
│   └── RelationChanged     it changed since the page was shown
├── WithdrawalRefused       `withdrawal`: withdrawing a deposit
│   ├── NotSubmitted        it is in preparation
│   └── WithdrawalTooLate   the deadline has passed
├── ClosingBroken           `closing`: what is kept no longer has the closing fingerprint
├── OpeningRefused          `opening`: opening an envelope, of which nothing was opened
│   ├── DeadlineNotReached  nobody opens a bid before the deadline
│   ├── ApplicationFirst    the offer comes after the application of its deposit
│   ├── LateNotConfirmed    a late deposit is opened on purpose
│   ├── ReplacedNotConfirmed  so is one that a later one replaced
│   ├── StillChecked        another deposit, that arrived in time, is not checked yet
│   ├── DepositWithdrawn    its bidder withdrew it before the deadline
│   ├── NotDeclared         an agent asks for sealed blocks without saying what for
│   ├── NotARecipientKey    nothing here is sealed to that key pair
│   ├── WrongContentKeys    these are not the keys of the blocks
│   ├── ManifestDamaged     the manifest is not one, or is another deposit's
│   ├── IndexDamaged        the index is not that of the manifest
│   ├── BlockDamaged        a block is missing, or is not the one that was acknowledged
│   ├── FilesRemoved        those of a rehearsal were, when its receipt said
│   ├── ReleaseDamaged      the released keys cannot be read
│   └── StoreUnavailable    the store does not answer
├── PaperRefused            `register`: entering or cancelling what came by another way than the site
│   ├── ArrivalTooEarly     it arrives before the consultation is on line
│   ├── ArrivalToCome       it arrives in the future
│   ├── LineCancelled       the line is cancelled already
│   ├── LineDiffers         the line is entered already, with other content
│   └── ReasonMissing       a line is cancelled without a reason
└── StoreDamage             `store`: found there; nobody is refused anything, operators are told
    ├── BlockRepaired       a copy was missing or damaged; it is written again
    ├── BlockLost           no good copy is left
    └── ScrubStopped        a store does not answer, or does not take a repaired copy
"""
