/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of techniques of MITRE ATT&CK, Enterprise, version 18.0 (October 2025),
 * all platforms, without what is revoked or deprecated. Taken from the table of
 * pySigma's data (SigmaHQ/pySigma, sigma/data/mitre_attack.py), which is made
 * of MITRE's own STIX bundle: numbers only. A new version of ATT&CK brings ids
 * that are refused here until this table knows them. */
#include "rule/define.h"

#include <stdio.h>

#include "base/suggest.h"

/* A technique, and its sub-techniques: bit n is .00n. */
static const struct {
	unsigned short number;
	unsigned int parts;
} techniques[] = {
	/* clang-format off */
	{ 1001, 0xe }, { 1003, 0x1fe }, { 1005, 0 }, { 1006, 0 }, { 1007, 0 }, { 1008, 0 }, { 1010, 0 },
	{ 1011, 0x2 }, { 1012, 0 }, { 1014, 0 }, { 1016, 0x6 }, { 1018, 0 }, { 1020, 0x2 },
	{ 1021, 0x1fe }, { 1025, 0 }, { 1027, 0x3fffe }, { 1029, 0 }, { 1030, 0 }, { 1033, 0 },
	{ 1036, 0x1ffe }, { 1037, 0x3e }, { 1039, 0 }, { 1040, 0 }, { 1041, 0 }, { 1046, 0 },
	{ 1047, 0 }, { 1048, 0xe }, { 1049, 0 }, { 1052, 0x2 }, { 1053, 0xec }, { 1055, 0xfb3e },
	{ 1056, 0x1e }, { 1057, 0 }, { 1059, 0x3ffe }, { 1068, 0 }, { 1069, 0xe }, { 1070, 0x7fe },
	{ 1071, 0x3e }, { 1072, 0 }, { 1074, 0x6 }, { 1078, 0x1e }, { 1080, 0 }, { 1082, 0 },
	{ 1083, 0 }, { 1087, 0x1e }, { 1090, 0x1e }, { 1091, 0 }, { 1092, 0 }, { 1095, 0 },
	{ 1098, 0xfe }, { 1102, 0xe }, { 1104, 0 }, { 1105, 0 }, { 1106, 0 }, { 1110, 0x1e },
	{ 1111, 0 }, { 1112, 0 }, { 1113, 0 }, { 1114, 0xe }, { 1115, 0 }, { 1119, 0 }, { 1120, 0 },
	{ 1123, 0 }, { 1124, 0 }, { 1125, 0 }, { 1127, 0xe }, { 1129, 0 }, { 1132, 0x6 }, { 1133, 0 },
	{ 1134, 0x3e }, { 1135, 0 }, { 1136, 0xe }, { 1137, 0x7e }, { 1140, 0 }, { 1176, 0x6 },
	{ 1185, 0 }, { 1187, 0 }, { 1189, 0 }, { 1190, 0 }, { 1195, 0xe }, { 1197, 0 }, { 1199, 0 },
	{ 1200, 0 }, { 1201, 0 }, { 1202, 0 }, { 1203, 0 }, { 1204, 0x3e }, { 1205, 0x6 }, { 1207, 0 },
	{ 1210, 0 }, { 1211, 0 }, { 1212, 0 }, { 1213, 0x7e }, { 1216, 0x6 }, { 1217, 0 },
	{ 1218, 0xffbe }, { 1219, 0xe }, { 1220, 0 }, { 1221, 0 }, { 1222, 0x6 }, { 1480, 0x6 },
	{ 1482, 0 }, { 1484, 0x6 }, { 1485, 0x2 }, { 1486, 0 }, { 1489, 0 }, { 1490, 0 }, { 1491, 0x6 },
	{ 1495, 0 }, { 1496, 0x1e }, { 1497, 0xe }, { 1498, 0x6 }, { 1499, 0x1e }, { 1505, 0x7e },
	{ 1518, 0x6 }, { 1525, 0 }, { 1526, 0 }, { 1528, 0 }, { 1529, 0 }, { 1530, 0 }, { 1531, 0 },
	{ 1534, 0 }, { 1535, 0 }, { 1537, 0 }, { 1538, 0 }, { 1539, 0 }, { 1542, 0x3e }, { 1543, 0x3e },
	{ 1546, 0x7fffe }, { 1547, 0xf7fe }, { 1548, 0x7e }, { 1550, 0x1e }, { 1552, 0x1fe },
	{ 1553, 0x7e }, { 1554, 0 }, { 1555, 0x7e }, { 1556, 0x3fe }, { 1557, 0x1e }, { 1558, 0x3e },
	{ 1559, 0xe }, { 1560, 0xe }, { 1561, 0x6 }, { 1562, 0x3fde }, { 1563, 0x6 }, { 1564, 0x7ffe },
	{ 1565, 0xe }, { 1566, 0x1e }, { 1567, 0x1e }, { 1568, 0xe }, { 1569, 0xe }, { 1570, 0 },
	{ 1571, 0 }, { 1572, 0 }, { 1573, 0x6 }, { 1574, 0x7ff2 }, { 1578, 0x3e }, { 1580, 0 },
	{ 1583, 0x1fe }, { 1584, 0x1fe }, { 1585, 0xe }, { 1586, 0xe }, { 1587, 0x1e }, { 1588, 0xfe },
	{ 1589, 0xe }, { 1590, 0x7e }, { 1591, 0x1e }, { 1592, 0x1e }, { 1593, 0xe }, { 1594, 0 },
	{ 1595, 0xe }, { 1596, 0x3e }, { 1597, 0x6 }, { 1598, 0x1e }, { 1599, 0x2 }, { 1600, 0x6 },
	{ 1601, 0x6 }, { 1602, 0x6 }, { 1606, 0x6 }, { 1608, 0x7e }, { 1609, 0 }, { 1610, 0 },
	{ 1611, 0 }, { 1612, 0 }, { 1613, 0 }, { 1614, 0x2 }, { 1615, 0 }, { 1619, 0 }, { 1620, 0 },
	{ 1621, 0 }, { 1622, 0 }, { 1647, 0 }, { 1648, 0 }, { 1649, 0 }, { 1650, 0 }, { 1651, 0 },
	{ 1652, 0 }, { 1653, 0 }, { 1654, 0 }, { 1656, 0 }, { 1657, 0 }, { 1659, 0 }, { 1665, 0 },
	{ 1666, 0 }, { 1667, 0 }, { 1668, 0 }, { 1669, 0 }, { 1671, 0 }, { 1672, 0 }, { 1673, 0 },
	{ 1674, 0 }, { 1675, 0 }, { 1677, 0 }, { 1678, 0 }, { 1679, 0 }, { 1680, 0 }, { 1681, 0 },
	/* clang-format on */
};

static void write_id(char *buf, size_t size, unsigned int number, unsigned int part)
{
	if (part)
		snprintf(buf, size, "T%04u.%03u", number, part);
	else
		snprintf(buf, size, "T%04u", number);
}

/* Numbers are near when few digits differ; parts of the same technique first. */
static void suggest_id(const char *id, char *buf, size_t size)
{
	unsigned long number = strtoul(id + 1, NULL, 10);
	size_t best = 6;
	char name[16];

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(techniques); i++) {
		for (unsigned int part = 0; part < 32; part++) {
			size_t distance;

			if (part && !(techniques[i].parts & 1u << part))
				continue;
			write_id(name, sizeof(name), techniques[i].number, part);
			distance = 2 * suggest_distance(slice_from(id), slice_from(name)) -
				   (techniques[i].number == number);
			if (distance >= best)
				continue;
			best = distance;
			snprintf(buf, size, "%s", name);
		}
	}
}

bool mitre_is_known(const char *id, char *ret_hint, size_t hint_size)
{
	unsigned long number = strtoul(id + 1, NULL, 10);
	unsigned long part = strlen(id) > 6 ? strtoul(id + 6, NULL, 10) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(techniques); i++) {
		if (techniques[i].number == number && part < 32 &&
		    (part == 0 || techniques[i].parts & 1u << part))
			return true;
	}
	suggest_id(id, ret_hint, hint_size);
	return false;
}
