/** Plain pages of the master for people with a browser: login, executions, projects, tokens. */
@NullMarked
package dev.millrace.api.page;

import org.jspecify.annotations.NullMarked;
