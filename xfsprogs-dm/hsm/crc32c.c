// SPDX-License-Identifier: GPL-2.0-only
/*
 * crc32c.c - the checksum of the archive
 *
 * CRC-32C (Castagnoli), the one that XFS puts on its metadata: it finds every
 * burst of up to 32 bits and all but one in 2^32 of other damage to a chunk.
 * Eight bytes a step over eight tables ("slicing by 8"), which is faster than
 * the disks and networks that archives live on, on any processor, and needs no
 * library.  It guards against accidents, not against an enemy: whoever can
 * write to the archive is trusted anyway.
 */
#include <endian.h>
#include <pthread.h>
#include <string.h>

#include "hsm.h"

#define POLY	0x82f63b78U	/* bits reversed */

static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void table_init(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ POLY : c >> 1;
		table[0][i] = c;
	}
	for (int k = 1; k < 8; k++)
		for (int i = 0; i < 256; i++)
			table[k][i] = table[k - 1][i] >> 8 ^
				      table[0][table[k - 1][i] & 0xff];
}

/* Begin with 0; what is returned goes in again to continue. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
	const unsigned char *p = data;

	pthread_once(&table_once, table_init);
	crc = ~crc;
	while (len >= 8) {
		uint32_t lo, hi;

		memcpy(&lo, p, 4);
		memcpy(&hi, p + 4, 4);
		lo = le32toh(lo) ^ crc;
		hi = le32toh(hi);
		crc = table[7][lo & 0xff] ^ table[6][lo >> 8 & 0xff] ^
		      table[5][lo >> 16 & 0xff] ^ table[4][lo >> 24] ^
		      table[3][hi & 0xff] ^ table[2][hi >> 8 & 0xff] ^
		      table[1][hi >> 16 & 0xff] ^ table[0][hi >> 24];
		p += 8;
		len -= 8;
	}
	while (len--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
	return ~crc;
}

/* A miscompiled checksum would condemn every archive: look before using it. */
bool crc32c_works(void)
{
	return crc32c(0, "123456789", 9) == 0xe3069283U &&
	       crc32c(crc32c(0, "1234", 4), "56789", 5) == 0xe3069283U;
}
