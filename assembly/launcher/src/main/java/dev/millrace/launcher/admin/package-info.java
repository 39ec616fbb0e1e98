/** The thin command-line clients of the API: users, organisations, tokens and worker groups. */
@NullMarked
package dev.millrace.launcher.admin;

import org.jspecify.annotations.NullMarked;
