// SPDX-License-Identifier: GPL-2.0-only
/*
 * hsmid.c - the DM attribute that says where a file's data is
 *
 * The attribute is named HSMID (trusted.SGI_DMI_HSMID for those who list
 * extended attributes).  It is replaced atomically, so a file always has the
 * old or the new one.  What it names is complete and durable before it is set.
 *
 * The value, big endian:
 *
 *	 0  4	"XHSM"
 *	 4  4	format, 1
 *	 8 16	UUID of the archive
 *	24  8	file system id	}
 *	32  8	inode number	} of the file that was copied; a file that
 *	40  4	generation	} got the attribute by a restore keeps them
 *	44  4	version of the copy
 *	48  8	bytes of the copy
 *	56  4	granule, bytes
 *	60  4	CRC-32C of all that
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "hsm.h"

const dm_attrname_t hsmid_name = { "HSMID" };

struct hsmid_disk {
	char		magic[4];
	uint32_t	format;
	unsigned char	uuid[16];
	uint64_t	fsid;
	uint64_t	ino;
	uint32_t	gen;
	uint32_t	version;
	uint64_t	size;
	uint32_t	granule;
	uint32_t	crc;
};
_Static_assert(sizeof(struct hsmid_disk) == 64, "HSMID's layout");

/*
 * ENOENT: the file has none.  EBADMSG: it is damaged, or of a newer program;
 * the file must be left alone then.
 */
int hsmid_get(dm_sessid_t sid, const struct handle *h, struct hsmid *id)
{
	struct hsmid_disk d;
	dm_attrname_t name = hsmid_name;
	size_t len = 0;

	if (dm_get_dmattr(sid, (void *)h->bytes, h->len, DM_NO_TOKEN, &name,
			  sizeof(d), &d, &len) < 0) {
		if (errno == E2BIG)
			errno = EBADMSG;
		return -1;
	}
	if (len != sizeof(d) || memcmp(d.magic, "XHSM", 4) ||
	    be32toh(d.format) != 1 ||
	    be32toh(d.crc) != crc32c(0, &d, sizeof(d) - sizeof(d.crc)) ||
	    !d.granule || !d.version) {
		errno = EBADMSG;
		return -1;
	}
	memcpy(id->uuid, d.uuid, sizeof(id->uuid));
	id->key.fsid = be64toh(d.fsid);
	id->key.ino = be64toh(d.ino);
	id->key.gen = be32toh(d.gen);
	id->key.version = be32toh(d.version);
	id->size = be64toh(d.size);
	id->granule = be32toh(d.granule);
	return 0;
}

/* The file's times stay as they are. */
int hsmid_set(dm_sessid_t sid, const struct handle *h, const struct hsmid *id)
{
	struct hsmid_disk d = {
		.magic = { 'X', 'H', 'S', 'M' },
		.format = htobe32(1),
		.fsid = htobe64(id->key.fsid),
		.ino = htobe64(id->key.ino),
		.gen = htobe32(id->key.gen),
		.version = htobe32(id->key.version),
		.size = htobe64(id->size),
		.granule = htobe32(id->granule),
	};
	dm_attrname_t name = hsmid_name;

	memcpy(d.uuid, id->uuid, sizeof(d.uuid));
	d.crc = htobe32(crc32c(0, &d, sizeof(d) - sizeof(d.crc)));
	return dm_set_dmattr(sid, (void *)h->bytes, h->len, DM_NO_TOKEN, &name,
			     0, sizeof(d), &d);
}

bool hsmid_same(const struct hsmid *a, const struct hsmid *b)
{
	return !memcmp(a->uuid, b->uuid, sizeof(a->uuid)) &&
	       a->key.fsid == b->key.fsid && a->key.ino == b->key.ino &&
	       a->key.gen == b->key.gen && a->key.version == b->key.version &&
	       a->size == b->size && a->granule == b->granule;
}
