// SPDX-License-Identifier: GPL-2.0-only
/*
 * sb_feature DEVICE [parent]: switch the exchange-range feature of an XFS on, and
 * parent pointers
 *
 * The kernels have XFS_IOC_EXCHANGE_RANGE, and use it if a bit of the superblock
 * allows it; the mkfs.xfs of Debian 12 cannot set that bit.  Nothing else on disk
 * depends on it.  The same goes for parent pointers as long as the file system is
 * empty: its root directory has none.  The file system must be unmounted, with a clean log.  Its
 * superblocks, one in each allocation group, are checked before and written
 * with a new checksum.
 *
 * The xfs_repair of Debian 12 does not know the bit and refuses the file system.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/fs.h>
#include <sys/ioctl.h>

/* Where things are in struct xfs_dsb. */
#define SB_MAGIC	0	/* 4 */
#define SB_BLOCKSIZE	4	/* 4 */
#define SB_AGBLOCKS	84	/* 4 */
#define SB_AGCOUNT	88	/* 4 */
#define SB_VERSION	100	/* 2 */
#define SB_SECTSIZE	102	/* 2 */
#define SB_INCOMPAT	216	/* 4 */
#define SB_CRC		224	/* 4, little-endian */

#define EXCHRANGE	(1U << 6)
#define PARENT		(1U << 7)

static unsigned char sb[32768];

static uint32_t get32(size_t at)
{
	uint32_t v;

	memcpy(&v, sb + at, sizeof(v));
	return be32toh(v);
}

static uint16_t get16(size_t at)
{
	uint16_t v;

	memcpy(&v, sb + at, sizeof(v));
	return be16toh(v);
}

/* CRC32C of the sector, its own place taken for zeros. */
static uint32_t checksum(size_t size)
{
	uint32_t crc = ~0U;

	for (size_t i = 0; i < size; i++) {
		crc ^= i >= SB_CRC && i < SB_CRC + 4 ? 0 : sb[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
	}
	return htole32(~crc);
}

static int fail(const char *what)
{
	fprintf(stderr, "sb_feature: %s%s%s\n", what, errno ? ": " : "",
		errno ? strerror(errno) : "");
	return 1;
}

static int set(int fd, off_t pos, size_t size, uint32_t bits)
{
	uint32_t crc, v;

	errno = 0;
	if (pread(fd, sb, size, pos) != (ssize_t)size)
		return fail("short read");
	crc = checksum(size);
	if (memcmp(sb + SB_MAGIC, "XFSB", 4) || memcmp(sb + SB_CRC, &crc, 4))
		return fail("no superblock, or a damaged one");
	v = htobe32(get32(SB_INCOMPAT) | bits);
	memcpy(sb + SB_INCOMPAT, &v, sizeof(v));
	crc = checksum(size);
	memcpy(sb + SB_CRC, &crc, sizeof(crc));
	if (pwrite(fd, sb, size, pos) != (ssize_t)size)
		return fail("short write");
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t ag_bytes;
	uint32_t ags;
	size_t size;
	int fd;

	if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "parent"))) {
		fprintf(stderr, "usage: sb_feature DEVICE [parent]\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_EXCL);
	if (fd < 0)
		return fail(argv[1]);
	if (pread(fd, sb, 512, 0) != 512)
		return fail("short read");
	size = get16(SB_SECTSIZE);
	if ((get16(SB_VERSION) & 15) != 5 || size < 512 || size > sizeof(sb))
		return fail("no XFS of version 5");
	ag_bytes = (uint64_t)get32(SB_AGBLOCKS) * get32(SB_BLOCKSIZE);
	ags = get32(SB_AGCOUNT);
	for (uint32_t i = 0; i < ags; i++)
		if (set(fd, i * ag_bytes, size,
			argc == 3 ? EXCHRANGE | PARENT : EXCHRANGE))
			return 1;
	if (fsync(fd))
		return fail("fsync");
	/* xfs_db and mkfs look past the page cache. */
	ioctl(fd, BLKFLSBUF, 0);
	return close(fd) ? fail("close") : 0;
}
