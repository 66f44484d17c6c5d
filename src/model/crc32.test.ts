import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 as zlib } from "node:zlib";
import fc from "fast-check";
import { crc32 } from "./crc32.ts";

test("the check value of the CRC-32 catalogue", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  assert.equal(crc32(new Uint8Array()), 0);
});

test("equal to zlib's at every length and alignment, in one piece or two", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(7), fc.nat(200), (content, offset, split) => {
      const bytes = new Uint8Array(content.length + offset).subarray(offset);
      bytes.set(content);
      assert.equal(crc32(bytes), zlib(bytes));
      assert.equal(crc32(bytes.subarray(split), crc32(bytes.subarray(0, split))), zlib(bytes));
    }),
  );
});
