package protocol

// MaxAnswer is how many bytes the message may take that answers a question. Both ends
// of the way hold on to it: a launcher is trusted in nothing.
func MaxAnswer(question Question) int {
	switch question {
	case Question_QUESTION_READ_FILE, Question_QUESTION_WRITE_FILE:
		return 2 << 20
	case Question_QUESTION_EXEC:
		return 4 << 20
	case Question_QUESTION_SCREENSHOT:
		return 17 << 20
	}
	return 1 << 20
}
