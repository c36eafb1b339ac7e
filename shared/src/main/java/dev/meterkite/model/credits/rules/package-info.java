/** The rules of credits: decides every command. */
@NullMarked
package dev.meterkite.model.credits.rules;

import org.jspecify.annotations.NullMarked;
