# SPDX-License-Identifier: EUPL-1.2
import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from keys import der
from keys.der import DERError, Reader


@given(st.binary(max_size=300))
def test_encode_writes_what_another_library_writes(value):
    assert der.encode(der.OCTET_STRING, value) == core.OctetString(value).dump()


@pytest.mark.parametrize("length", [0, 1, 127, 128, 255, 256, 65535, 65536, 2**24])
def test_reader_reads_the_lengths_that_head_writes(length):
    reader = Reader(der.head(der.OCTET_STRING, length) + bytes(length))

    assert len(reader.value(der.OCTET_STRING)) == length
    assert reader.next_tag() is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x04",
        b"\x04\x01",
        b"\x04\x80\x00\x00",
        b"\x04\x81\x01a",
        b"\x04\x81\x7f" + bytes(127),
        b"\x04\x82\x00\x80" + bytes(128),
        b"\x04\xff" + bytes(127),
        b"\x02\x01\x00",
    ],
    ids=bytes.hex,
)
def test_reader_refuses_what_is_not_the_octet_string_in_der(data):
    with pytest.raises(DERError):
        Reader(data).value(der.OCTET_STRING)


@pytest.mark.parametrize("read", [Reader.value, Reader.enter, Reader.element])
def test_reader_refuses_an_element_longer_than_what_holds_it(read):
    inner = Reader(bytes.fromhex("3003 0402 61 6263")).enter(der.SEQUENCE)

    with pytest.raises(DERError):
        read(inner, der.OCTET_STRING)


def test_reader_refuses_a_tag_of_several_bytes():
    with pytest.raises(DERError):
        Reader(b"\x1f\x01\x00").skip()


def test_finish_refuses_what_is_left():
    reader = Reader(b"\x05\x00\x05\x00")
    reader.skip()

    with pytest.raises(DERError):
        reader.finish()


def test_set_of_sorts_its_elements():
    assert der.set_of([b"\x04\x01b", b"\x02\x01\x05", b"\x04\x01a"]) == bytes.fromhex(
        "3109 020105 040161 040162"
    )


def test_reader_reads_the_beginning_of_what_is_not_all_there():
    outer = Reader(der.head(der.SEQUENCE, 1000) + b"\x02\x01\x07\x04\x7f", end=2**20)
    inner = outer.enter(der.SEQUENCE)

    assert inner.value(der.INTEGER) == b"\x07"
    with pytest.raises(DERError):
        inner.value(der.OCTET_STRING)
