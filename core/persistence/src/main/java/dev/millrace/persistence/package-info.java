/** The only room that speaks SQL: the engine's store ports on H2 or MariaDB, by Hibernate. */
@NullMarked
package dev.millrace.persistence;

import org.jspecify.annotations.NullMarked;
