/**
 * How a domain decides: commands in, decisions out, and the rules between them as pure functions.
 */
@NullMarked
package dev.meterkite.model.command;

import org.jspecify.annotations.NullMarked;
