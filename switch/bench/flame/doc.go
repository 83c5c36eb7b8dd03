// Package flame draws a profile of pprof as a flame graph: one SVG file that any browser
// shows, without a script and without anything from elsewhere.
//
// A frame is as wide as its share of the profile and stands on its caller; the widest
// stands leftmost. Its colour says which part of the switch, or of Go, it belongs to, the
// legend what share each part has by itself, and its title (what a browser shows where the
// pointer rests) the whole name, the value and the share. It promises that equal profiles
// give equal files; that frames narrower than half a pixel are left out and counted; and
// bounds on what it reads and how high it draws.
//
// "switchd bench flame" calls it. It takes no profile: that is package switch/profile.
//
// Example:
//
//	g, err := flame.Read(file, "cpu")
//	if err == nil { err = g.Draw(out, "20,000 payments a second") }
package flame
